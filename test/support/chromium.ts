/**
 * Chromium, for the tests that need a browser. `.ci/run` installs Debian's; elsewhere those tests are skipped.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Where Linux distributions put it; MEDIATORS_CHROMIUM names another place. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where Debian's keeps its libraries. */
const CHROMIUM_FOLDER = '/usr/lib/chromium';

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

/** WebGPU on the processor in Chromium, by the SwiftShader that it brings along. */
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

/** WebGPU on the processor in Node: the environment that makes a process find the same SwiftShader, where it is there. */
export function softwareWebGpu(): Readonly<Record<string, string>> | undefined {
  const driver = join(CHROMIUM_FOLDER, 'vk_swiftshader_icd.json');
  if (!existsSync(driver)) return undefined;
  // Chromium brings the Vulkan loader along, too.
  return { VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: CHROMIUM_FOLDER };
}

/** Why a test that needs it is to be skipped; with CI set it always runs, and fails where there is none. */
export function softwareWebGpuMissing(): string | undefined {
  if (softwareWebGpu() !== undefined || process.env.CI) return undefined;
  return `no SwiftShader in ${CHROMIUM_FOLDER}; install Chromium (Debian: apt install chromium)`;
}

/** Starts it, with further arguments where given. */
export async function launchChromium(further: readonly string[] = []): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined)
    throw new Error(`expected Chromium at one of ${PLACES.join(', ')}, got none`);
  return chromium.launch({ executablePath, args: [...ARGUMENTS, ...further] });
}
