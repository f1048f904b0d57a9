/** The headers of endpoints that allow every origin, spelled as clients of old know them (server.md 5.4). */
export const corsHeaders = {
  "Access-Control-Allow-Headers": "*",
  "Access-Control-Allow-Methods": "*",
  "Access-Control-Allow-Origin": "*",
} as const;
