/**
 * Not a driver: it stands beside an exposed program that listens on a port of its own network, as containers do, and leads there
 * whoever comes by the socket that it inherits. The port is its argument.
 */
import { connect, createServer } from "node:net";
import { pipeline } from "node:stream";

const port = Number(process.argv[2]);
const ended = (): undefined => undefined;

createServer({ allowHalfOpen: true }, (caller) => {
  const program = connect({ host: "localhost", port, allowHalfOpen: true });
  pipeline(caller, program, ended);
  pipeline(program, caller, ended);
}).listen({ fd: 3 });
