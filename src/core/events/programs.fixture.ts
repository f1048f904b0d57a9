/** Programs that only the test lives: what was started, and a way to end it. */
import { ImageError, type ProgramSpec, type Programs } from "../shared/ports.ts";

export interface StartedProgram {
  readonly spec: ProgramSpec;
  end(reason: string): void;
  readonly stopped: boolean;
}

export interface NotedPrograms extends Programs {
  readonly started: StartedProgram[];
  /** From now on this image cannot be had. */
  without(image: string | undefined): void;
}

/** Runs every image but `foreign/...`. */
export function notedPrograms(): NotedPrograms {
  const started: StartedProgram[] = [];
  let missing: string | undefined;
  return {
    started,
    without: (image) => {
      missing = image;
    },
    refusal: (image) => (image.startsWith("foreign/") ? "it is foreign" : undefined),
    clock: () => undefined,
    start: async (spec) => {
      if (spec.image === missing) throw new ImageError("no registry has it");
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
        address: spec.exposed ? { socketPath: `/sockets/${started.length}` } : undefined,
        isDeaf: false,
        stop: async () => {
          stopped = true;
          end("killed by SIGTERM");
        },
      };
    },
  };
}
