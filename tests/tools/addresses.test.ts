import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isPublicAddress } from '../../tools/addresses.ts'

const PRIVATE_4 = `127.0.0.1 127.255.255.254 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254
  100.100.100.200 192.0.0.192 198.18.0.1 224.0.0.1 255.255.255.255`
const PRIVATE_6 = `:: ::1 fe80::1 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 ::ffff:a9fe:a9fe ::127.0.0.1
  64:ff9b::a9fe:a9fe 64:ff9b:1::a00:1 2002:a9fe:a9fe:: 2001:0:a9fe:a9fe:: 2001:db8::1`
const NO_ADDRESS = ['127.1', '0x7f000001', 'localhost', '']

it.each([...PRIVATE_4.split(/\s+/), ...PRIVATE_6.split(/\s+/), ...NO_ADDRESS])('%s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false)
})

it.each(['1.1.1.1', '172.15.0.1', '172.32.0.1', '100.128.0.1', '192.167.1.1', '2606:4700:4700::1111', '2a00:1450::1'])(
  '%s is public',
  (address) => {
    expect(isPublicAddress(address)).toBe(true)
  },
)

it('never takes a mapped address for a public one, whatever it maps', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(isPublicAddress(`::ffff:${address}`)).toBe(false)
    }),
  )
})
