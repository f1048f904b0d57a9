export async function measureLoad(): Promise<{ lines: string[]; held: boolean }> {
  return { lines: [], held: true };
}
