/** How this machine runs a language: its interpreter, its guest, its installer. One row a file; the table is languages.ts. */
import type { BuiltImage } from "../../core/shared/ports.ts";
import type { Installer } from "../builder/installer.ts";
import type { Link } from "../runtime/process/bubblewrap.ts";
import type { InterpreterSearch } from "../runtime/process/interpreters.ts";
import type { Bind, Sandbox } from "../runtime/process/sandbox.ts";

export interface GuestCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly binds: readonly Bind[];
  readonly links: readonly Link[];
  readonly environment: Readonly<Record<string, string>>;
  /** The image's dependencies as the guest sees them. It is told when a function is loaded: until then it runs nothing of theirs. */
  readonly modules?: string;
}

/** What of the command depends on the language alone. */
export type Guest = Pick<GuestCommand, "args" | "binds" | "modules"> & Partial<Pick<GuestCommand, "environment">>;

export interface LanguageAdapter {
  find(): Promise<InterpreterSearch>;
  /** The guest in `guests`, for an image. @throws Error when a folder of the image is gone or no real one. */
  guest?(sandbox: Sandbox, guests: Bind, image: BuiltImage): Guest;
  readonly installer?: Installer;
}
