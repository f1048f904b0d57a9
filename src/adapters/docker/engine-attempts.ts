/**
 * Failures of the engine itself. A busy one loses the mount of a layer now and then, so that a folder or a program that is there is not
 * found, or the archive of a folder is empty; the next attempt succeeds.
 */
const ATTEMPTS = 4;
const PAUSE_MS = 300;
const ENGINES_OWN =
  /TAR_BAD_ARCHIVE|failed to copy files|Error processing tar file|Cannot locate specified Dockerfile|OCI runtime create failed|\/merged\b.*no such file or directory/;

/** `again` hears of each failure that is followed by another attempt. @throws what the last attempt threw, or any other failure at once. */
export const attempted = async <Result>(
  act: () => Promise<Result>,
  again: (message: string) => void,
): Promise<Result> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      const message = error instanceof Error ? error.message : "";
      if (attempt === ATTEMPTS || !ENGINES_OWN.test(message)) throw error;
      again(message);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
};
