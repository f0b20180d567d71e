import { signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'
const KEY = 'troupe-theme'
const THEMES: readonly Theme[] = ['system', 'light', 'dark']

/** What the person chose; `system` follows the machine they sit at. */
export const theme = signal<Theme>(THEMES.find((known) => known === localStorage.getItem(KEY)) ?? 'system')

theme.subscribe((chosen) => {
  document.documentElement.dataset.theme = chosen
  localStorage.setItem(KEY, chosen)
})

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system'
}
