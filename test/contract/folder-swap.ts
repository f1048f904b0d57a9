/** What a package that outlived its installer would do to the folder that the server takes over. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * In every working folder it exchanges the installer's output for a link, and back, until it is stopped. RENAME_EXCHANGE
 * leaves no moment in between.
 */
const SWAPPER = `
import ctypes, glob, os, sys
libc = ctypes.CDLL(None)
while True:
    for work in glob.glob(sys.argv[1] + "/incoming/*/work"):
        link, output = os.path.join(work, "kept"), os.path.join(work, sys.argv[2])
        try:
            if os.path.isdir(output) and not os.path.islink(link) and not os.path.isdir(link): os.symlink(sys.argv[3], link)
        except OSError: pass
        for _ in range(100): libc.renameat2(-100, link.encode(), -100, output.encode(), 2)`;

/** @param images the builder's folder; @param output what its installer fills; @param target where the link leads. */
export function swapForLink(images: string, output: string, target: string): { stop(): Promise<unknown> } {
  const child = spawn("python3", ["-c", SWAPPER, images, output, target], { stdio: "ignore" });
  return {
    stop: () => {
      child.kill("SIGKILL");
      return once(child, "exit");
    },
  };
}
