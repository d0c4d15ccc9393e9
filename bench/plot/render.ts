/** Plots as files: an SVG for the web, a PNG for everywhere else. No browser and no display. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { type EChartsOption, init } from "echarts";
import { FONT_NAME } from "./style.ts";

export interface Plot {
  /** The files' name without an ending. */
  readonly name: string;
  readonly option: EChartsOption;
  readonly width: number;
  readonly height: number;
}

/** Pixels of the PNG for each pixel of the plot: sharp on a dense screen. */
const PNG_SCALE = 2;

const FONT_FILES = ["400Regular/Arimo_400Regular.ttf", "700Bold/Arimo_700Bold.ttf"].map((file) =>
  Bun.fileURLToPath(import.meta.resolve(`@expo-google-fonts/arimo/${file}`)),
);

/** The plot as SVG text. */
export function toSvg(plot: Plot): string {
  const chart = init(null, null, {
    renderer: "svg",
    ssr: true,
    width: plot.width,
    height: plot.height,
  });
  try {
    chart.setOption(plot.option);
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** The SVG as PNG bytes, with the package's own font. */
export function toPng(svg: string, width: number): Uint8Array {
  const image = new Resvg(svg, {
    fitTo: { mode: "width", value: width * PNG_SCALE },
    font: { fontFiles: FONT_FILES, loadSystemFonts: false, defaultFontFamily: FONT_NAME },
  });
  return image.render().asPng();
}

/** Writes NAME.svg and NAME.png into the directory, which is made where it is missing. */
export async function writePlot(directory: string, plot: Plot): Promise<void> {
  await mkdir(directory, { recursive: true });
  const svg = toSvg(plot);
  await Bun.write(join(directory, `${plot.name}.svg`), svg);
  await Bun.write(join(directory, `${plot.name}.png`), toPng(svg, plot.width));
}
