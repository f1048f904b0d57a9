/** `node apps/cloudmaster/simulator/ec2/main.ts [port]`: the EC2 stand-in by hand, until Ctrl-C. */
import { startEc2 } from "./server.ts";

const ec2 = await startEc2({ port: Number(process.argv[2] ?? "0"), transitionMs: 5000 });
process.stdout.write(`EC2 stand-in on ${ec2.url}, region us-east-1, machines live in memory only.
Secret for Dispatch:
${JSON.stringify({ access_key: ec2.keys.accessKeyId, secret_key: ec2.keys.secretAccessKey, region: "us-east-1", endpoint: ec2.url }, null, 2)}
`);
