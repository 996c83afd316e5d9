/* rsablob.h -- for capirsa.c, made with OpenSSL of the RSA key of keyed.h: it as a PRIVATEKEYBLOB and a
 * PUBLICKEYBLOB, its signature of SHA-256 of "sample", and "secret" encrypted for it by OAEP, both with the
 * highest byte first.
 */

static const char private_blob[] =
        "BwIAAACkAABSU0EyAAgAAAEAAQCpe5d6O99jmJk1dzWpHJ5KIEhaJPeBiOvjdA4BZhqvXtm/6tR3d4GH5+DV9bt3"
        "fYE3rFdIo8ZYYCuB8a2xskjqR8nETACxhos0vGilz01cmPnoOic79jhCWmPkMRa5bp/uZUo0+RNEQdHFlNSicnqF"
        "zFOYktIywAUtSTHBnMy/gs5GZbT+hpCmnFR5f8ayMnCy+5/3drZPEffyWZzKnZOICUtYzzDtqMn+yGgECgiNplgT"
        "neCuSIaGQaHy8Smodef2+jxng2Ffx/60QYpvGbuLX/dKfjNkZCGgGE4D0M8sR9eF7va84moDXa7pUgfJbcbgc1WL"
        "ZTsB2MX7c0DXqxnLob2bmMaugTmYnpHZEuHOUTC/+CgyyXM7BS+tntWqsZFrj1DYIc+XHkO8SIwGOtpzgQFc8kvm"
        "W1HrP0R8eC6ytpewmi53qzvt08q8hWJvQTwwo5ZRPxcxCw8BP8dwypTP2V1gZb9imePeKApXnF7mVQm+2c11x6l0"
        "u6pNbdhf7fUJMZIoN7trvDrTAOlknA7jnBwgZjrgWJ6Epk3P2YU1rKsdUYjszL7209GRRdU0ivYcRgMKmBbn/8vx"
        "L7Q5J7Wp62LLfbAjDGphNMnQ2kIFxUEpCY+oXuuV7M42uxh6dad9H8Vb3P3f5h1uBwAbPDaVGAaghn/xI4Xwh0kH"
        "Ej5r08Gay+BJTk/9BOOa/oqsx/sin3SdLWLKCnptU4yFtH7rHyvG3sDZ/gBmTGqshZcxRVDzS9yk84mstL3dHjf3"
        "tJXC/6zh5thxHqrLwUFem2ebYfahvrd1jtd5YKZv7UZJedjpU4oPnNz5d+f4AqCUKgc1GgFoEUgDeHVplX/2rOYM"
        "AVY3pROKSdGQE0/W4Sqf+mMfSL521fxIZ4FbI33Ky9GX9gke/MUjjQY4UnA418AOHy8H9/SsxWI1zvmyfv0HrNyL"
        "/4XwtiIxox5/xGQcnK4yG7v1n/RjdFTyMCvsOwhO6toTeR32dfEOfAX9O10uI2Y8z/wgC//UZRlNuqRY6Sl8hoTR"
        "cDwic6Vz0UR7alIJU5PGYPPasSFZ9aRtjFTKJ42FhXo1DSAe74ppznVkhtJ1NFSHwIUtFDznzraWolvPT5MGR7yA"
        "upcH8uCaE80YStjACRJ+9B7+ZKN/dp27+Mv3uj30UQiR6I+UDcEtFCvbBrWS49zjzk3/apWOYpLa0CGNrPf4qrLA"
        "KhmTFNGqEMuk75SxnDd5l+46lfc3rIuG1FAE7RY9RazK82qI1gtNSuUGOhtwxD3jLjmGWFJcNiqkfvX6amrzXSCN"
        "QT2SnHgE4RZSYrx8jK9Ma5E+gzLtl86IPTLThOUhrvRukwkOV6DVzxvNV4x69i8HILeZLnOGEhtt49T19ukEtbE/"
        "ypNr4Dtd0SWfMDg6jjSNfrvdmH9/chgqKjd1hbkQhBZ1INr4cjmaUWHp4RPogsRo9FWwPcpaGxLzbI0x88MfOXCA"
        "2DX7uUiKdEZS/1JELF9IK51HEw3qO1qlnWKG21dB8yBbtpHQQKQEk9LEGIBuanr3/g8=";
static const char public_blob[] =
        "BgIAAACkAABSU0ExAAgAAAEAAQCpe5d6O99jmJk1dzWpHJ5KIEhaJPeBiOvjdA4BZhqvXtm/6tR3d4GH5+DV9bt3"
        "fYE3rFdIo8ZYYCuB8a2xskjqR8nETACxhos0vGilz01cmPnoOic79jhCWmPkMRa5bp/uZUo0+RNEQdHFlNSicnqF"
        "zFOYktIywAUtSTHBnMy/gs5GZbT+hpCmnFR5f8ayMnCy+5/3drZPEffyWZzKnZOICUtYzzDtqMn+yGgECgiNplgT"
        "neCuSIaGQaHy8Smodef2+jxng2Ffx/60QYpvGbuLX/dKfjNkZCGgGE4D0M8sR9eF7va84moDXa7pUgfJbcbgc1WL"
        "ZTsB2MX7c0DXqxnL";
static const char signature_256[] =
        "rAcYXytn5E6JL8U+M/gb4tiBh6+zbFfv4g8zKTHWOY2WuunXyI4rhxKwzzFa+31nFHRYSN6zHIQOP9gXlyXlPG4D"
        "dG7qSxdYSjrVhoi87RdUjV3+RE0M41Ryxfp6DF9Cc3cSWWiy5IIbL/TzIDTefVYMuPz3AHjlff2rEFULg6DBDXMk"
        "Jc/9ySj/WrdN7Hi+xvMgDRFQaDHOAzyoTxGCSEHhGETwLlmD4SVJuGkLk+pFOzpzs9MpzOYV9ZKglLCF8CxdH7YE"
        "Rl2qIOGa5gjsZJutftXV65vv1/UQFr/LhsujqGDMnCiN0T/gy0hJrbBoVSl6pNjuYp6hqxoBXXRANA==";
static const char oaep_secret[] =
        "RWVDCDZyXDIuLK6SXY/GOq+6vDpLdJsdDtqeVu6Mn4OKjCcVzxnWsNoZ1X21p6DoYn5TrZiuf3hITeMyXhygGpC6"
        "yIdAth58EubTh90OI52joFGCPEy78pQ5jiFKxuaJ5wVTDoStGBFXXFL98iAshGwaPuark5Y6+E36WtTqKKnPDNVl"
        "8+2zLaiP8cepnOhNSQ9i/3zsWaVHUxvS40KmRz0dtKuHmczS26Fz8C21n7zp6IUaTmhaGljNenQl/bIV4PVhx28x"
        "hNxtFfTSbDBk0DEXLIP44ex0AxnyLS3k7adcg4peMqVK0MDtzlW/gOw/x1TB8bms1Wlx8oCS+IhuiQ==";
