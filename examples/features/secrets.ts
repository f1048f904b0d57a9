/** Uses a secret without ever showing it. */
export default (context: { secrets: Record<string, string> }) => ({ letters: context.secrets.password?.length });
