/**
 * What the runtime's allocator reads before any code of ours runs, so that only whoever starts a
 * node can set it: the image does, and `kvnode cluster`. Memory that was freed stays with the
 * process, which is about to take it again: given back and taken anew it costs some hundredths of a
 * write's processor time.
 */
export const RUNTIME_ENVIRONMENT = { MIMALLOC_PURGE_DELAY: "-1" } as const;
