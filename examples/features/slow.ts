/** Takes a minute, unless somebody cancels its run. */
export default () => new Promise((resolve) => setTimeout(resolve, 60_000, "done"));
