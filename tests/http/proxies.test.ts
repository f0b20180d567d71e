import { describe, expect, it } from 'vitest'
import { createProxies, networkOf } from '../../http/door/proxies.ts'

const asked = (headers: Record<string, string>): Request => new Request('http://troupe/v1/agents', { headers })
const forwarded = { 'x-forwarded-for': '198.51.100.7, 203.0.113.9, 10.0.0.2', 'x-forwarded-proto': 'https' }

describe('where a request came from', () => {
  it('is the peer itself, whatever it says, when no proxy is trusted', () => {
    const read = createProxies([])
    for (const peer of ['10.0.0.1', '127.0.0.1', '2001:db8::1']) {
      expect(read(asked(forwarded), peer)).toEqual({ peer, secure: false })
    }
    expect(read(new Request('https://troupe/'), '10.0.0.1').secure).toBe(true)
    expect(read(asked(forwarded), undefined)).toEqual({ peer: 'unknown', secure: false })
  })

  it('is the nearest that is no trusted proxy; what stands further out may be a lie', () => {
    const read = createProxies(['10.0.0.0/8', 'fd00::/8'])
    expect(read(asked(forwarded), '10.0.0.1')).toEqual({ peer: '203.0.113.9', secure: true })
    expect(read(asked(forwarded), '::ffff:10.0.0.1')).toEqual({ peer: '203.0.113.9', secure: true })
    expect(read(asked(forwarded), 'fd00::1').peer).toBe('203.0.113.9')
    expect(read(asked(forwarded), '192.0.2.1')).toEqual({ peer: '192.0.2.1', secure: false })
  })

  it('is the proxy where the header holds no address', () => {
    const read = createProxies(['10.0.0.1'])
    for (const value of ['', 'unknown', '" or 1=1', '10.0.0.1, ,', 'x'.repeat(5000)]) {
      expect(read(asked({ 'x-forwarded-for': value }), '10.0.0.1').peer).toBe('10.0.0.1')
    }
    expect(read(asked({ 'x-forwarded-proto': 'https, http' }), '10.0.0.1').secure).toBe(false)
  })

  it('is counted by address for IPv4, and by the network of one host for IPv6', () => {
    expect(networkOf('203.0.113.9')).toBe('203.0.113.9')
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
    expect(networkOf('2001:0db8:1:2::9')).toBe('2001:db8:1:2::/64')
    expect(networkOf('2001:db8::9')).toBe('2001:db8:0:0::/64')
    expect(networkOf('::1')).toBe('0:0:0:0::/64')
    expect(networkOf('unknown')).toBe('unknown')
  })

  it('is not read at all from a configuration that names no address', () => {
    for (const entry of ['proxy.example', '10.0.0.0/33', '10.0.0.0/8/8', 'fd00::/129', '10.0.0.0/x', '']) {
      expect(() => createProxies([entry])).toThrow(/is not a proxy/)
    }
  })
})
