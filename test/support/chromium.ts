/**
 * Chromium, for the tests that need a browser. `.ci/run` installs Debian's; elsewhere those tests are skipped.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Linux distributions put it; MEDIATORS_CHROMIUM names another place. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Without a network, a sandbox or a graphics card. */
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];

/** WebGPU on the processor, by the SwiftShader that Chromium brings along. */
export const SOFTWARE_WEBGPU: readonly string[] = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

function chromiumPath(): string | undefined {
  const places = process.env.MEDIATORS_CHROMIUM ? [process.env.MEDIATORS_CHROMIUM] : PLACES;
  return places.find((place) => existsSync(place));
}

/**
 * Why a test that needs Chromium is to be skipped; undefined where it is to run. With CI set it always runs, and fails
 * where there is none.
 */
export function chromiumMissing(): string | undefined {
  if (chromiumPath() !== undefined || process.env.CI) return undefined;
  return 'no Chromium; install one (Debian: apt install chromium) or set MEDIATORS_CHROMIUM to its path';
}

/** Starts it, with further arguments where given. */
export async function launchChromium(further: readonly string[] = []): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined)
    throw new Error(`expected Chromium at one of ${PLACES.join(', ')}, got none`);
  return chromium.launch({ executablePath, args: [...ARGUMENTS, ...further] });
}
