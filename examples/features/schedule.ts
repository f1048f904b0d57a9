/** Runs at each time of a schedule: its input is the event's data, which a clock has none of. */
export default (context: { event: { time: string }; setTitle(title: string): void }) => {
  const time = context.event.time.slice(11, 19);
  context.setTitle(`looked at ${time}`);
  return { time };
};
