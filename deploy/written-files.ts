import { format, resolveConfig } from 'prettier';
import { dashboard } from './grafana/dashboard.js';
import { manifests } from './kubernetes/manifests.js';

/** The files of this folder that are made of code, by their path in it, as they are written. */
export async function writtenFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map([['grafana/recording-ledger.json', JSON.stringify(dashboard())]]);
  for (const [path, text] of manifests()) files.set(`kubernetes/${path}`, text);
  const style = await resolveConfig('package.json');
  for (const [path, text] of files) files.set(path, await format(text, { ...style, filepath: path }));
  return files;
}
