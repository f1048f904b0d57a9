/** Programs that only the test lives: what was started, and a way to end it. */
import type { ProgramSpec, Programs } from "../shared/ports.ts";

export interface StartedProgram {
  readonly spec: ProgramSpec;
  end(reason: string): void;
  readonly stopped: boolean;
}

export interface NotedPrograms extends Programs {
  readonly started: StartedProgram[];
}

/** Runs every image but `foreign/...`. */
export function notedPrograms(): NotedPrograms {
  const started: StartedProgram[] = [];
  return {
    started,
    refusal: (image) => (image.startsWith("foreign/") ? "it is foreign" : undefined),
    clock: () => undefined,
    start: async (spec) => {
      let end: (reason: string) => void = () => undefined;
      let stopped = false;
      const exited = new Promise<string>((resolve) => {
        end = resolve;
      });
      started.push({
        spec,
        end,
        get stopped() {
          return stopped;
        },
      });
      return {
        exited,
        socket: spec.exposed ? `/sockets/${started.length}` : undefined,
        isDeaf: false,
        stop: async () => {
          stopped = true;
          end("killed by SIGTERM");
        },
      };
    },
  };
}
