/** Everything that reads a stranger's bytes, fed with what is worst for it: one attack for each parser. */
import { type Attack, judge } from "../attack.ts";
import { type Budget, isOverBudget, type Measured, measure } from "../parser-budgets.ts";
import { parsers as budgets } from "../parsers.ts";

export const parsers: readonly Attack[] = budgets.map((budget) => ({
  name: `keep the ${budget.name} busy`,
  group: "parsers",
  run: async () => {
    const measured = await measureAll(budget);
    const over = measured.filter(isOverBudget);
    const worst = Math.max(...measured.map(({ share }) => share));
    return judge(over.length === 0, over.length > 0 ? over : `at most ${worst.toFixed(1)} x JSON.parse, linear`);
  },
}));

async function measureAll(budget: Budget): Promise<Measured[]> {
  const all: Measured[] = [];
  for (const shape of Object.keys(budget.shapes)) all.push(await measure(budget, shape));
  return all;
}
