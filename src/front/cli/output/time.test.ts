import { describe, expect, test } from "vitest";
import { duration, rfc3339, unixDate, zoneName } from "./time.ts";

describe("times of tables", () => {
  test("pads the day of a date with a blank", () => {
    const local = new Date(2026, 5, 8, 14, 31, 48);
    expect(unixDate(local.getTime() / 1000, "XYZ0")).toMatch(/^Mon Jun {2}8 14:31:48 \S+ 2026$/);
  });

  test("shows nothing for a time that is not set", () => {
    expect(unixDate(undefined)).toBe("");
    expect(unixDate(0)).toBe("");
    expect(rfc3339(undefined)).toBe("");
    expect(rfc3339(-6795364578871345152n)).toBe("");
  });

  test("keeps all nine digits of nanoseconds and cuts the zeros at the end", () => {
    expect(rfc3339(1795358883318771301n)).toContain(".318771301");
    expect(rfc3339(1795358883943638590n)).toMatch(/\.94363859(Z|[+-])/);
    expect(rfc3339(1795358883000000000n)).toMatch(/T\d\d:\d\d:\d\d(Z|[+-])/);
  });

  test("takes the name of the time zone from its rule", () => {
    const date = { getTimezoneOffset: () => -60 } as Date;
    const summer = { getTimezoneOffset: () => -120 } as Date;
    expect(zoneName(date, "CET-1CEST,M3.5.0,M10.5.0/3")).toBe("CET");
    expect(zoneName(summer, "CET-1CEST,M3.5.0,M10.5.0/3")).toBe("CEST");
    expect(zoneName({ getTimezoneOffset: () => -330 } as Date, "IST-5:30")).toBe("IST");
    expect(zoneName({ getTimezoneOffset: () => 480 } as Date, "PST8PDT,M3.2.0,M11.1.0")).toBe("PST");
    expect(zoneName({ getTimezoneOffset: () => 180 } as Date, "<-03>3")).toBe("-03");
    expect(zoneName({ getTimezoneOffset: () => -60 } as Date, "")).toBe("+0100");
    expect(zoneName({ getTimezoneOffset: () => 0 } as Date, "")).toBe("UTC");
  });

  test.each([
    [850_000n, "850µs"],
    [12_747_682n, "12.7ms"],
    [3_200_000_000n, "3.2s"],
    [125_000_000_000n, "2m5s"],
    [3_725_000_000_000n, "1h2m5s"],
  ])("shows %d nanoseconds as %s", (nanoseconds, shown) => {
    expect(duration(nanoseconds)).toBe(shown);
  });
});
