// Posts the time of the event to the channel.
module.exports = async ({ event, secrets }) => {
  const text = `It is ${event.time.slice(11, 19)} UTC`;
  const answer = await fetch(secrets.statusUrl, { method: "POST", body: JSON.stringify({ text }) });
  if (!answer.ok) throw new Error(`the webhook refused the message: ${answer.status}`);
  return { text };
};
