import { describe, expect, it } from 'vitest'
import { parseAllowedHosts } from '../../tools/allowed-hosts.ts'

const admit = (patterns: string[], url: string) => parseAllowedHosts(patterns).admit(new URL(url))
const REFUSED = expect.objectContaining({ code: 'tool.address_refused' })

describe('allowed hosts', () => {
  it.each([
    ['example.com', 'https://example.com/x', false],
    ['example.com', 'http://EXAMPLE.com./x', false],
    ['Example.COM:8443', 'https://example.com:8443', true],
    ['example.com:443', 'https://example.com/', true],
    ['*.example.com', 'https://a.b.example.com/', false],
    ['*.example.com:8080', 'http://a.example.com:8080/', false],
    ['127.0.0.1:8080', 'http://127.1:8080/', true],
    ['[::1]:8080', 'http://[0:0:0:0:0:0:0:1]:8080/', true],
  ])('%s admits %s', (pattern, url, privateAllowed) => {
    expect(admit([pattern], url)).toEqual({ privateAllowed })
  })

  it.each([
    ['example.com', 'https://example.com:6379/'],
    ['example.com', 'https://example.com.evil.test/'],
    ['example.com', 'https://evilexample.com/'],
    ['*.example.com', 'https://example.com/'],
    ['*.example.com', 'https://evilexample.com/'],
    ['example.com:8080', 'http://example.com/'],
    ['example.com', 'https://user@example.com/'],
    ['example.com', 'https://:password@example.com/'],
    ['example.com', 'ftp://example.com/'],
    ['example.com', 'file://example.com/etc/passwd'],
    ['example.com', 'gopher://example.com:80/'],
    ['localhost', 'data:text/plain,hello'],
  ])('%s refuses %s', (pattern, url) => {
    expect(() => admit([pattern], url)).toThrow(REFUSED)
  })

  it('admit nothing when there are none', () => {
    expect(() => admit([], 'https://example.com/')).toThrow(REFUSED)
  })

  it.each(['*', '', 'http://example.com', 'example.com/path', 'a b', 'example.com:99999', 'x:y', '*.*.com', '[zz]:1'])(
    'cannot be configured as "%s"',
    (pattern) => {
      expect(() => parseAllowedHosts([pattern])).toThrow(expect.objectContaining({ code: 'config.invalid' }))
    },
  )
})
