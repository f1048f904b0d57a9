/** Counts its runs, however many there are at once: a write is refused when another one came first. */
interface Door {
  readonly url: string;
  readonly token: string;
  readonly organization: string;
  readonly application: string;
}

export default async ({ dispatch: { url, token, organization, application } }: { dispatch: Door }) => {
  const place = `${url}/v1/state/${application}/runs`;
  const headers = {
    authorization: `Bearer ${token}`,
    "x-dispatch-org": organization,
    "content-type": "application/json",
  };
  for (;;) {
    const found = await fetch(place, { headers });
    const { value, version } = found.status === 404 ? { value: 0, version: 0 } : await found.json();
    const body = JSON.stringify({ value: value + 1, version });
    const { status } = await fetch(place, { method: "PUT", headers, body });
    if (status < 300) return { runs: value + 1 };
    if (status !== 409) throw new Error(`the state could not be written: status ${status}`);
  }
};
