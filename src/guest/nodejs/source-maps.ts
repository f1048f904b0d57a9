/** The file whose presence says that the function's code was compiled from TypeScript: traces then name the lines of the source. */
export const SOURCE_MAPS = ".dispatch-source-maps";
