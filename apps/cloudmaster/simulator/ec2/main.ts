/** `node apps/cloudmaster/simulator/ec2/main.ts [port]`: the EC2 stand-in by hand, until Ctrl-C. */
import { startEc2 } from "./server.ts";

const ec2 = await startEc2({ port: Number(process.argv[2] ?? "0"), transitionMs: 5000 });
process.stdout.write(`EC2 stand-in on ${ec2.url}, region us-east-1, machines live in memory only.
Secret for Dispatch:
${JSON.stringify({ ...ec2.keys, region: "us-east-1", endpoint: ec2.url, imageId: "ami-0123456789abcdef0" }, null, 2)}
`);
