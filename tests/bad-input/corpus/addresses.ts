/** Names that a resolver of the test knows: each leads where no run may go. */
export const REBOUND: Readonly<Record<string, string>> = {
  'loop.test': '127.0.0.1',
  'ten.test': '10.0.0.1',
  'metadata.test': '169.254.169.254',
  'alibaba.test': '100.100.100.200',
  'six.test': '::1',
  'mapped.test': '::ffff:127.0.0.1',
  'zero.test': '0.0.0.0',
  'link.test': 'fe80::1',
  'local.test': 'fd00::1',
}

/** Hosts that are this machine, its neighbours, or the cloud's own, in every spelling. */
const HOSTS = [
  '127.0.0.1 127.1 127.0.1 0177.0.0.1 0x7f.0.0.1 0x7f000001 2130706433 017700000001 0 0.0.0.0 127.255.255.254 localhost LOCALHOST localhost.',
  '[::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:169.254.169.254] [64:ff9b::7f00:1] [fe80::1] [fc00::1] [fd00:ec2::254]',
  '10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254 169.254.170.2 100.100.100.200 192.0.0.192 0xa9fea9fe 2852039166 0251.0376.0251.0376',
  '①②⑦.⓪.⓪.① 127。0。0。1 ｌocalhost loc%61lhost 127.0.0.1.nip.io metadata.google.internal allowed.test.evil.test evil-allowed.test',
].flatMap((line) => line.split(' '))

const FORMS = [
  'file:///etc/passwd gopher://127.0.0.1:6379/_INFO ftp://127.0.0.1/ dict://127.0.0.1:11211/ ldap://127.0.0.1/ data:text/plain,x javascript:1',
  'blob:http://127.0.0.1/x ws://127.0.0.1/ unix:/var/run/docker.sock http+unix://%2fvar%2frun/ about:blank jar:http://127.0.0.1!/ //127.0.0.1/',
  '/etc/passwd 127.0.0.1 http: http:// http:/// http://? http://[ http://[::1 http://a:b:c/ http://a:99999/ http://a:-1/ http://%00/ http://%/',
  'http://user@allowed.test/ http://user:pass@allowed.test/ http://allowed.test:pass@127.0.0.1/ http://allowed.test@127.0.0.1/ http://@127.0.0.1/',
  'http://127.0.0.1#@allowed.test/ http://127.0.0.1?@allowed.test/ http://127.0.0.1\\@allowed.test/ http:\\\\127.0.0.1/ http:127.0.0.1 HTTP://127.0.0.1/',
  'http://allowed.test:6379/ http://allowed.test:5432/ http://allowed.test:22/ http://allowed.test:25/ https://allowed.test:80/../.. http://sub.allowed.test/',
].flatMap((line) => line.split(' '))

/** Class 16: addresses that no run may reach. `https://allowed.test:80` is allowed by its rule, and leads to a private place. */
export function addresses(port: number): string[] {
  return [
    ...HOSTS.flatMap((host) => [`http://${host}:${port}/`, `http://${host}/latest/meta-data/`]),
    ...Object.keys(REBOUND).flatMap((host) => [`http://${host}:${port}/`, `http://${host}/`, `https://${host}/`]),
    ...FORMS,
    `http://allowed.test:${port}/`,
    `http://${'a'.repeat(300)}.test/`,
    `http://${'a.'.repeat(2_000)}test/`,
    `http://allowed.test/${'x'.repeat(9_000)}`,
    '',
  ]
}
