import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** One script and one sheet, both named by their content; nothing inline, so that the page's policy can be strict. */
export default defineConfig(({ command }) => ({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // What a strict policy would refuse: small files as `data:` addresses, and an inline polyfill.
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: 'es2022', cssCodeSplit: false },
  // Said, since Vite would ask NODE_ENV, which is `test` where the tests build: a larger page, with paths of this machine.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: command === 'serve' } },
  // `npx vite console` beside a running platform: the page with hot reload, the API from there.
  server: { proxy: { '/v1': 'http://127.0.0.1:3000' } },
}))
