/**
 * Where downloads and other things that can be had again are kept. The one rule for it.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The cache folder: `MEDIATORS_CACHE`, else `mediators` in the platform's (XDG_CACHE_HOME or ~/.cache,
 * ~/Library/Caches, LOCALAPPDATA). It need not exist.
 */
export function cacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (environment.MEDIATORS_CACHE) return environment.MEDIATORS_CACHE;
  if (platform === 'win32')
    return join(environment.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'mediators');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'mediators');
  return join(environment.XDG_CACHE_HOME || join(home, '.cache'), 'mediators');
}
