/** Fails at its first attempt: the next one is made when nobody waits for the run. */
export default (context: { run: { attempt: number } }) => {
  if (context.run.attempt < 2) throw new Error("the cloud is busy");
  return { attempt: context.run.attempt };
};
