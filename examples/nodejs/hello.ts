/** Greets whoever is named. */
export default (_context: unknown, { name }: { name: string }) => ({ text: `Hello, ${name}` });
