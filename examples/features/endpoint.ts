/** Answers HTTP requests with a status, a header and a body of its own. */
export default (_context: unknown, { name = "nobody" }: { name?: string }) => ({
  statusCode: 201,
  headers: { "x-made-by": "dispatch" },
  body: { made: name },
});
