/** The value of a JSON text; undefined for what is none. Nothing about its shape is known yet. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
