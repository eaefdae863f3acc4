/* SPDX-License-Identifier: MIT */
/* The certificate of encrypted_key.h, whose dates nobody looks at. */
"-----BEGIN CERTIFICATE-----\n"
    "MIIBfzCCASWgAwIBAgIUY36gJs8XNUW+XiFvZvx5NuG5RGswCgYIKoZIzj0EAwIw\n"
    "FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTE2MzIxOVoYDzIxMjYxMDI4\n"
    "MTYzMjE5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n"
    "PQMBBwNCAAT1XGOFj1M1pRVOAQ12V8IgF/CjuwTi51A7q95YfMnmm5KNcZ81s2jp\n"
    "ViOE0wt8Di+6YIZ2n2nEgNijjJfAIgmYo1MwUTAdBgNVHQ4EFgQU9TvYhdlxSFjC\n"
    "o1WPsmzD4O3sUmIwHwYDVR0jBBgwFoAU9TvYhdlxSFjCo1WPsmzD4O3sUmIwDwYD\n"
    "VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA2ZE/mVFR2Q49rLnbNrIv\n"
    "LjE+mxfieh8gXhqpt7bCeYQCIBWkTN5YxZJL8DMspvWXcmShLiiWa/fCKGxSFAD+\n"
    "jp8G\n"
    "-----END CERTIFICATE-----\n"
