/** Says what each run is about, so that it is found in the list of runs. */
export default (context: { setTitle(text: string): void }, { vm }: { vm: string }) => {
  context.setTitle(`create ${vm}`);
  return { created: vm };
};
