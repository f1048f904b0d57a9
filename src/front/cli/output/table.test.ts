import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderTable } from "./table.ts";

const plain = { ruled: false, wrap: true } as const;
const ruled = { ruled: true, wrap: true } as const;

describe("renderTable", () => {
  test("prints heading and rule of an empty list", () => {
    expect(renderTable(plain, ["Name", "URL", "Status", "Created Date"], [])).toBe(
      "  NAME | URL | STATUS | CREATED DATE  \n---------------------------------\n",
    );
  });

  test("counts the crossings of a ruled table into its rule", () => {
    const titles = ["Name", "Function", "Protocol", "Method", "Domain", "Path", "Auth", "Status", "Enabled"];
    expect(renderTable(ruled, titles, [])).toBe(
      "  NAME | FUNCTION | PROTOCOL | METHOD | DOMAIN | PATH | AUTH | STATUS | ENABLED  \n" +
        "---------------------------------------------------------------------------------\n",
    );
  });

  test("breaks a cell of thousands of words while somebody waits for it", () => {
    const words = Array.from({ length: 4000 }, (_, index) => String(index));
    const lines = renderTable(plain, ["Reason"], [[words.join(" ")]])
      .split("\n")
      .slice(2);
    expect(lines.join(" ").split(/\s+/).filter(Boolean)).toEqual(words);
    expect(Math.max(...lines.map((line) => line.length))).toBe(34);
  });

  test("centres headings over cells that stand at the left", () => {
    const rows = [
      ["java-base", "dispatchframework/java-base:0.0.13", "READY", "Sun Nov 22 14:46:10 UTC 2026"],
      ["powershell-base", "dispatchframework/powershell-base:0.0.13", "READY", "Sun Nov 22 14:46:10 UTC 2026"],
    ];
    expect(renderTable(plain, ["Name", "URL", "Status", "Created Date"], rows)).toBe(
      "       NAME       |                   URL                    | STATUS |         CREATED DATE          \n" +
        "-------------------------------------------------------------------------------------------------\n" +
        "  java-base       | dispatchframework/java-base:0.0.13       | READY  | Sun Nov 22 14:46:10 UTC 2026  \n" +
        "  powershell-base | dispatchframework/powershell-base:0.0.13 | READY  | Sun Nov 22 14:46:10 UTC 2026  \n",
    );
  });

  test("breaks a cell with several values and draws a rule below each row", () => {
    const urls =
      "http://127.0.0.1:8081/dispatch-server/cloudmaster\nhttps://127.0.0.1:8444/dispatch-server/cloudmaster";
    const titles = ["Name", "Function", "Protocol", "Method", "Domain", "Path", "Auth", "Status", "Enabled"];
    const row = ["cloudmaster", "echo", "http\nhttps", "POST", "", urls, "public", "READY", "true"];
    expect(renderTable(ruled, titles, [row])).toBe(
      "     NAME     | FUNCTION | PROTOCOL  | METHOD | DOMAIN |                        PATH                        |  AUTH  | STATUS | ENABLED  \n" +
        "-----------------------------------------------------------------------------------------------------------------------------------------\n" +
        "  cloudmaster | echo     | http      | POST   |        | http://127.0.0.1:8081/dispatch-server/cloudmaster  | public | READY  | true     \n" +
        "              |          | https     |        |        | https://127.0.0.1:8444/dispatch-server/cloudmaster |        |        |          \n" +
        "-----------------------------------------------------------------------------------------------------------------------------------------\n",
    );
  });

  test("lets several values share a line when they fit", () => {
    const table = renderTable(ruled, ["Method"], [["GET\nPOST\nPUT"]]);
    expect(table.split("\n").slice(2, 4)).toEqual(
      ["  GET POST    ", "  PUT         "].map((line) => line.slice(0, 14)),
    );
  });

  test("keeps the lines of a cell that is not to be wrapped", () => {
    const config = '{\n  "organization": "dispatch-server",\n  "api-http-port": 8081\n}';
    expect(renderTable({ ...plain, wrap: false }, ["Context", "Config"], [["* solo", config]])).toBe(
      "  CONTEXT |                CONFIG                 \n" +
        "-----------------------------------------------\n" +
        "  * solo  | {                                     \n" +
        '          |   "organization": "dispatch-server",  \n' +
        '          |   "api-http-port": 8081               \n' +
        "          | }                                     \n",
    );
  });

  test("puts numbers at the right", () => {
    expect(
      renderTable(plain, ["Count"], [["7"], ["-1.5"], ["x1"]])
        .split("\n")
        .slice(2, 5),
    ).toEqual(["      7  ", "   -1.5  ", "  x1     "]);
  });

  test("counts wide characters twice", () => {
    expect(renderTable(plain, ["N", "M"], [["日本", "x"]]).split("\n")[2]).toBe("  日本 | x  ");
    expect(renderTable(plain, ["N", "M"], [["日本", "x"]]).split("\n")[0]).toBe("   N   | M  ");
  });

  test("makes all lines equally wide, whatever the cells say", () => {
    const cell = fc.stringMatching(/^[a-z0-9 \n.-]{0,80}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 5 }), fc.boolean(), (rows, wrap) => {
        const [heading, rule, ...body] = renderTable({ ...plain, wrap }, ["One", "Two"], rows)
          .trimEnd()
          .split("\n");
        expect(rule).toMatch(/^-+$/);
        for (const line of body) expect(line.trimEnd().length).toBeLessThanOrEqual(heading?.length ?? 0);
      }),
    );
  });
});
