package cosemu

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// certificates are a CA of the server's own and the certificate that it signed.
type certificates struct {
	caPEM []byte
	leaf  tls.Certificate
}

// certificateLife is long enough for an emulator that nobody restarts.
const certificateLife = 365 * 24 * time.Hour

// newCertificates makes a CA and a certificate for localhost, the account's hosts under .localhost
// and 127.0.0.1, and for a proxy those under COS's own domains. The CA can vouch for names of these
// domains only, and its key is gone with this call: whoever trusts it without a proxy risks
// nothing.
func newCertificates(regions []string, proxy bool) (certificates, error) {
	domains := []string{"localhost"}
	if proxy {
		domains = append(domains, proxyDomains...)
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificates{}, fmt.Errorf("making the CA's key: %w", err)
	}
	ca, err := caTemplate(domains)
	if err != nil {
		return certificates{}, err
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return certificates{}, fmt.Errorf("making the CA: %w", err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificates{}, fmt.Errorf("making the server's key: %w", err)
	}
	leaf, err := leafTemplate(regions, domains)
	if err != nil {
		return certificates{}, err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &leafKey.PublicKey, caKey)
	if err != nil {
		return certificates{}, fmt.Errorf("making the server's certificate: %w", err)
	}
	return certificates{
		caPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}),
		leaf:  tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey},
	}, nil
}

func caTemplate(domains []string) (*x509.Certificate, error) {
	ca, err := certificateTemplate("COS emulator CA")
	if err != nil {
		return nil, err
	}
	ca.IsCA, ca.BasicConstraintsValid, ca.MaxPathLenZero = true, true, true
	ca.KeyUsage = x509.KeyUsageCertSign
	ca.PermittedDNSDomainsCritical = true
	ca.PermittedDNSDomains = domains
	ca.PermittedIPRanges = []*net.IPNet{{IP: net.IP{127, 0, 0, 0}, Mask: net.CIDRMask(8, 32)}}
	return ca, nil
}

func leafTemplate(regions, domains []string) (*x509.Certificate, error) {
	leaf, err := certificateTemplate("COS emulator")
	if err != nil {
		return nil, err
	}
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	leaf.DNSNames = []string{"localhost"}
	for _, domain := range domains {
		leaf.DNSNames = append(leaf.DNSNames, "service.cos."+domain, "*.cos.accelerate."+domain)
		for _, region := range regions {
			leaf.DNSNames = append(leaf.DNSNames, "*.cos."+region+"."+domain, "cos."+region+"."+domain,
				"*.cos-internal."+region+"."+domain, "cos-internal."+region+"."+domain,
				"*.cos-control."+region+"."+domain)
		}
	}
	return leaf, nil
}

// certificateTemplate is what both certificates share. Validity follows the real clock, as the
// clients' verification does; serial numbers are random because clients may trust the CAs of
// several emulators.
func certificateTemplate(name string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("making a serial number: %w", err)
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
	}, nil
}
