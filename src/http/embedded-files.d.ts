/** An import `with { type: "file" }` is the file's path, also inside the executable. */
declare module "*/standalone.js" {
  const path: string;
  export default path;
}
