/** Paths of the sandbox mean nothing to the author: `/function/hello.js` is `hello.js`. */
export const withoutFolder = (text: string, folder: string): string =>
  text.replaceAll(`file://${folder}/`, "").replaceAll(`${folder}/`, "");
