import { create } from 'zustand';
import type { CallArgs } from '../../shared/contract/calls.ts';
import { defaultSettings, type Settings } from '../../shared/contract/settings.ts';
import { call, insist, newRequest } from '../app/core.ts';

export const useSettings = create<Settings>(() => defaultSettings);

/** Fetches the settings. */
export async function reloadSettings(): Promise<void> {
  useSettings.setState(await call('settings.get', {}), true);
}

/** Changes settings; what is shown is what core answered. */
export async function changeSettings(patch: CallArgs<'settings.set'>['patch']): Promise<void> {
  useSettings.setState(await insist('settings.set', { request: newRequest(), patch }), true);
}
