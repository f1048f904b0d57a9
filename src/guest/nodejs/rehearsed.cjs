/** What a worker rehearses with (rehearsal.ts). */
module.exports = (context, payload) => {
  if (payload === null) throw new Error(`nothing, ${context.runId}`);
  return { name: payload.name, items: payload.items.map((item) => item + 1) };
};
