const MAX_HOST_NAME_LENGTH = 253;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const ALL_DIGITS = /^[0-9]+$/;

/**
 * The labels of a host name in lower case, most significant last; undefined for anything but dotted LDH labels
 * (underscore allowed, as in SRV names). A last label of digits only is refused: that is an address, not a name.
 * Source: RFC 1034 §3.5, RFC 1123 §2.1.
 */
export function hostLabels(text: string): readonly string[] | undefined {
  if (text.length === 0 || text.length > MAX_HOST_NAME_LENGTH) return undefined;
  const labels = text.toLowerCase().split('.');
  if (!labels.every((label) => LABEL.test(label))) return undefined;
  return ALL_DIGITS.test(labels.at(-1) ?? '') ? undefined : labels;
}

/** True when `labels` are `suffix`, or end in it at a label boundary. */
export function endsInLabels(labels: readonly string[], suffix: readonly string[]): boolean {
  const extra = labels.length - suffix.length;
  return extra >= 0 && suffix.every((label, i) => label === labels[extra + i]);
}
