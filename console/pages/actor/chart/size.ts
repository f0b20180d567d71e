/** Places inside a box and a label, as the server's layout left room for them. A test holds these to the server's own. */
export const SIZE = { titleRow: 30, lineRow: 16, padding: 12, labelRow: 14 } as const
