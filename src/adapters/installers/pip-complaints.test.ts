import { expect, test } from "vitest";
import { pipComplaints } from "./pip-complaints.ts";

const before = `Collecting vendor==1.0 (from -r requirements.txt (line 1))
  Downloading vendor-1.0.tar.gz (1 kB)
  Preparing metadata (setup.py): started
  Preparing metadata (setup.py): finished with status 'error'
  error: subprocess-exited-with-error
  
  × Preparing metadata (pyproject.toml) did not run successfully.
  │ exit code: 1
  ╰─> [7 lines of output]`;

const output = `      looking for the compiler
      Traceback (most recent call last):
        File "/usr/lib/python3/dist-packages/pip/_vendor/pyproject_hooks/_in_process/_in_process.py", line 353, in <module>
          main()
      
        File "<string>", line 3, in <module>
      RuntimeError: libfoo is missing: apt-get install libfoo-dev
      [end of output]
  
  note: This error originates from a subprocess, and is likely not a problem with pip.
error: metadata-generation-failed

× Encountered error while generating package metadata.
╰─> See above for output.`;

test("a package that cannot be built is named with the last words of its build, and without traces of pip", () => {
  expect(pipComplaints(`${before}\n${output}`.split("\n"))).toEqual([
    "vendor==1.0 could not be built: RuntimeError: libfoo is missing: apt-get install libfoo-dev",
    "looking for the compiler",
  ]);
});

test("of an output whose beginning is gone its last words are told", () => {
  expect(pipComplaints(output.split("\n"))[0]).toContain(
    "a package could not be built: RuntimeError: libfoo is missing",
  );
});

test("whatever else it says begins with the first error", () => {
  const lines = [
    "Collecting nothere",
    "ERROR: Could not find a version",
    "ERROR: No matching distribution found for nothere",
  ];
  expect(pipComplaints(lines)).toEqual(lines.slice(1));
  expect(pipComplaints(["Collecting six"])).toEqual([]);
});
