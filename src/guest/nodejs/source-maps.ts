/** The file that says that code of the function was made of TypeScript: traces are then told in its lines. */
export const SOURCE_MAPS = ".dispatch-source-maps";
