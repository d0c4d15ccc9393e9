/** An import `with { type: "file" }` is the file's path, also inside the executable. */
declare module "*/standalone.js" {
  const path: string;
  // biome-ignore lint/style/noDefaultExport: this is how such an import looks.
  export default path;
}

/** An import `with { type: "text" }` is the file's text. */
declare module "*.css" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: this is how such an import looks.
  export default text;
}

declare module "*.svg" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: this is how such an import looks.
  export default text;
}
