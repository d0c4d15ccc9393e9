/** Resolves when other calls that wait have been served: for work that is done piece by piece. */
export function othersFirst(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
