/** The document that the page's script fills. */

/** A partitioned cluster, at its controller; or a leader/follower group, at any of its nodes. */
export type PageKind = "cluster" | "group";

/** The HTML of a page of that kind. */
export function pageDocument(kind: PageKind): string {
  return `<!doctype html>
<html lang="en" data-page="${kind}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>kvnode</title>
    <link rel="icon" href="/ui/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/ui/page.css">
    <script type="module" src="/ui/page.js"></script>
  </head>
  <body>
    <noscript>This page needs its script. Without it, see /swagger for the calls.</noscript>
  </body>
</html>
`;
}
