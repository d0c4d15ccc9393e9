/** An import `with { type: "file" }` is the file's path, also inside the executable. */
declare module "*/standalone.js" {
  const path: string;
  // biome-ignore lint/style/noDefaultExport: this is how such an import looks.
  export default path;
}
