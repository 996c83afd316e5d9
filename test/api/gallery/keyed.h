/* keyed.h -- private keys and certificates of them, made with OpenSSL, for certkey.c and pfx.c: one on
 * P-256 and one of RSA, both as PKCS #8.  They are good until 2109.
 */
#include <wincrypt.h>

static const char curve_key[] =
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdJYHV9UFIBqZsYULwuDlyluu+qk790KbUV/Mi3Ha"
        "qCChRANCAAR2CsDSM7F7xUtBgZjsu7ChKzxT8Kln0T+Kk6iUwsgCFf4xbZPLcf40cKApbJ3v2w4rsgtWJzi+kHcy"
        "pcQ/cIQh";
static const char curve_cert[] =
        "MIIBmDCCAT2gAwIBAgIUDjzCf5wEUcjAsNsWZxYKIeaycoEwCgYIKoZIzj0EAwIwIDEOMAwGA1UECgwFSm9pc3Qx"
        "DjAMBgNVBAMMBWN1cnZlMCAXDTI2MTEyOTAyMDI0MVoYDzIxMDkwMTE4MDIwMjQxWjAgMQ4wDAYDVQQKDAVKb2lz"
        "dDEOMAwGA1UEAwwFY3VydmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR2CsDSM7F7xUtBgZjsu7ChKzxT8Kln"
        "0T+Kk6iUwsgCFf4xbZPLcf40cKApbJ3v2w4rsgtWJzi+kHcypcQ/cIQho1MwUTAdBgNVHQ4EFgQUztw0e7NYPDvU"
        "WNU2Z+LV7LRWy4UwHwYDVR0jBBgwFoAUztw0e7NYPDvUWNU2Z+LV7LRWy4UwDwYDVR0TAQH/BAUwAwEB/zAKBggq"
        "hkjOPQQDAgNJADBGAiEA2937t6ZYwbhgG8tOV5NlYRtRrF0tKjS3lUskFQg8lZwCIQDJBYK64XWiYc0W21bmABL8"
        "eHopJ1J5Xh/21vekBVITTA==";
static const char rsa_key[] =
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDLGavXQHP7xdgBO2WLVXPgxm3JB1Lprl0DauK8"
        "9u6F10csz9ADThigIWRkM35K91+LuxlvikG0/sdfYYNnPPr253WoKfHyoUGGhkiu4J0TWKaNCAoEaMj+yajtMM9Y"
        "SwmIk53KnFny9xFPtnb3n/uycDKyxn95VJymkIb+tGVGzoK/zJzBMUktBcAy0pKYU8yFenKi1JTF0UFEE/k0SmXu"
        "n265FjHkY1pCOPY7Jzro+ZhcTc+laLw0i4axAEzEyUfqSLKxrfGBK2BYxqNIV6w3gX13u/XV4OeHgXd31Oq/2V6v"
        "GmYBDnTj64iB9yRaSCBKnhypNXc1mZhj3zt6l3upAgMBAAECggEAD/73empugBjE0pMEpEDQkbZbIPNBV9uGYp2l"
        "WjvqDRNHnStIXyxEUv9SRnSKSLn7NdiAcDkfw/MxjWzzEhtayj2wVfRoxILoE+HpYVGaOXL42iB1FoQQuYV1Nyoq"
        "GHJ/f5jdu36NNI46ODCfJdFdO+Brk8o/sbUE6fb11ONtGxKGcy6ZtyAHL/Z6jFfNG8/VoFcOCZNu9K4h5YTTMj2I"
        "zpftMoM+kWtMr4x8vGJSFuEEeJySPUGNIF3zamr69X6kKjZcUliGOS7jPcRwGzoG5UpNC9aIavPKrEU9Fu0EUNSG"
        "i6w395U67pd5N5yxlO+kyxCq0RSTGSrAsqr496yNIQKBgQD17V/YbU2qu3Spx3XN2b4JVeZenFcKKN7jmWK/ZWBd"
        "2c+UynDHPwEPCzEXP1GWozA8QW9ihbzK0+07q3cumrCXtrIueHxEP+tRW+ZL8lwBgXPaOgaMSLxDHpfPIdhQj2uR"
        "sarVnq0vBTtzyTIo+L8wUc7hEtmRnpg5ga7GmJu9oQKBgQDTaz4SB0mH8IUj8X+GoAYYlTY8GwAHbh3m3/3cW8Uf"
        "fad1ehi7Ns7sleteqI8JKUHFBULa0Mk0YWoMI7B9y2LrqbUnObQv8cv/5xaYCgNGHPaKNNVFkdHT9r7M7IhRHaus"
        "NYXZz02mhJ5Y4DpmIByc4w6cZOkA0zq8a7s3KJIxCQKBgAzmrPZ/lWl1eANIEWgBGjUHKpSgAvjnd/ncnA+KU+nY"
        "eUlG7W+mYHnXjnW3vqH2YZtnm15BwcuqHnHY5uGs/8KVtPc3Ht29tKyJ86TcS/NQRTGXhaxqTGYA/tnA3sYrH+t+"
        "tIWMU216CspiLZ10nyL7x6yK/prjBP1PTkngy5rBAoGAKelYpLpNGWXU/wsg/M88ZiMuXTv9BXwO8XX2HXkT2upO"
        "CDvsKzDyVHRj9J/1uxsyrpwcZMR/HqMxIrbwhf+L3KwH/X6y+c41YsWs9PcHLx8OwNc4cFI4Bo0jxfweCfaX0cvK"
        "fSNbgWdI/NV2vkgfY/qfKuHWTxOQ0UmKE6U3VgECgYEA0NqSYo6Vav9NzuPc45K1BtsrFC3BDZSP6JEIUfQ9uvfL"
        "+Luddn+jZP4e9H4SCcDYShjNE5rg8geXuoC8RwaTT89bopa2zuc8FC2FwIdUNHXShmR1zmmK7x4gDTV6hYWNJ8pU"
        "jG2k9VkhsdrzYMaTUwlSantE0XOlcyI8cNGEhnw=";
static const char rsa_cert[] =
        "MIIDHzCCAgegAwIBAgIUJr9GGBtUrbZvwdLHTHnEZZijBYAwDQYJKoZIhvcNAQELBQAwHjEOMAwGA1UECgwFSm9p"
        "c3QxDDAKBgNVBAMMA3JzYTAgFw0yNjExMjkwMjAyNDFaGA8yMTA5MDExODAyMDI0MVowHjEOMAwGA1UECgwFSm9p"
        "c3QxDDAKBgNVBAMMA3JzYTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAMsZq9dAc/vF2AE7ZYtVc+DG"
        "bckHUumuXQNq4rz27oXXRyzP0ANOGKAhZGQzfkr3X4u7GW+KQbT+x19hg2c8+vbndagp8fKhQYaGSK7gnRNYpo0I"
        "CgRoyP7JqO0wz1hLCYiTncqcWfL3EU+2dvef+7JwMrLGf3lUnKaQhv60ZUbOgr/MnMExSS0FwDLSkphTzIV6cqLU"
        "lMXRQUQT+TRKZe6fbrkWMeRjWkI49jsnOuj5mFxNz6VovDSLhrEATMTJR+pIsrGt8YErYFjGo0hXrDeBfXe79dXg"
        "54eBd3fU6r/ZXq8aZgEOdOPriIH3JFpIIEqeHKk1dzWZmGPfO3qXe6kCAwEAAaNTMFEwHQYDVR0OBBYEFJMpnSb1"
        "+mRD8yom+7P83awO2YchMB8GA1UdIwQYMBaAFJMpnSb1+mRD8yom+7P83awO2YchMA8GA1UdEwEB/wQFMAMBAf8w"
        "DQYJKoZIhvcNAQELBQADggEBAFvI77wcSwwe0JVA3SofeHHYRwh8ke6dPfDYn6lQsDkp+WSUfMmKer0dy50ZSpQ7"
        "+47eIrHyidTFkQRBy219GphPgcTqlMEw3HhcVAsarvwC6xda3lf6alfrQrf9tpJy1oib93gLZwEz0kd631KOFAyv"
        "SnZlvNtzTFZ1FNASWg5YS9TomuOncfU/EHxRQYtKGk9g0fiXgMotGHVM3oslIqx19VZabGtWLIMX38B8JRK3DppS"
        "S9JbLkZjQl0sCsukBDYJaV7L9KSqjOYIpsdJ0rpcaZPaKW0xlHX1rsi5otzQtJWZnqDQTAqxX2St2s8NXTC1RSGc"
        "yc3bbwkpD1V2ioc=";

/* Into one of four buffers in turn. */
static inline BYTE *
der(const char *text, DWORD *n)
{
	static BYTE room[4][8192];
	static int turn;
	BYTE *p = room[turn++ & 3];
	*n = sizeof room[0];
	IS(CryptStringToBinaryA(text, 0, CRYPT_STRING_BASE64, p, n, NULL, NULL));
	return p;
}

static inline PCCERT_CONTEXT
certificate(const char *text)
{
	DWORD n;
	BYTE *p = der(text, &n);
	return CertCreateCertificateContext(X509_ASN_ENCODING, p, n);
}
