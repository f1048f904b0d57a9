import { describe, expect, test } from "vitest";
import { findOwner } from "./peer.ts";

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const line = (local: string, remote: string, uid: number, inode: number) =>
  `   1: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000 ${uid}        0 ${inode} 1 0000000000000000 20 4 30 10 -1\n`;

const loopback = { remoteAddress: "127.0.0.1", remotePort: 40000, localAddress: "127.0.0.1", localPort: 8080 };

describe("the other end of a connection", () => {
  test("is the line whose own address is the peer's", () => {
    const server = line("0100007F:1F90", "0100007F:9C40", 0, 11);
    const client = line("0100007F:9C40", "0100007F:1F90", 100007, 22);
    expect(findOwner(head + server + client, loopback)).toEqual({ uid: 100007, inode: 22 });
    expect(findOwner(head + server, loopback)).toBeUndefined();
  });

  test("is found when either side speaks IPv4 through a socket of IPv6", () => {
    const mapped = "0000000000000000FFFF00000100007F";
    const client = line(`${mapped}:9C40`, `${mapped}:1F90`, 7, 33);
    expect(findOwner(head + client, loopback)).toEqual({ uid: 7, inode: 33 });
    const listening = { ...loopback, remoteAddress: "::ffff:127.0.0.1", localAddress: "::ffff:127.0.0.1" };
    const plain = line("0100007F:9C40", "0100007F:1F90", 7, 44);
    expect(findOwner(head + plain, listening)).toEqual({ uid: 7, inode: 44 });
  });

  test("is found by addresses of IPv6", () => {
    const client = line("00000000000000000000000001000000:9C40", "B80D0120000000000000000001000000:1F90", 7, 55);
    const ends = { remoteAddress: "::1", remotePort: 40000, localAddress: "2001:db8::1", localPort: 8080 };
    expect(findOwner(head + client, ends)).toEqual({ uid: 7, inode: 55 });
  });
});
