// Posts to the channel that a backup has failed.
module.exports = async ({ secrets }, { vm_name }) => {
  if (!secrets.statusUrl) throw new Error("no webhook: this function needs the secret slack");
  const text = `The backup of ${vm_name} has failed`;
  const answer = await fetch(secrets.statusUrl, { method: "POST", body: JSON.stringify({ text }) });
  if (!answer.ok) throw new Error(`the webhook refused the message: ${answer.status}`);
  return { text };
};
